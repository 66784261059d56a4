"""What people, services and the intruder do: one file a behaviour, each a function from the world to actions.

An ordinary behaviour is `act(world, day, chance) -> Iterator[Action]`, called once for each day; what it yields begins
on that day. An intruder's takes the plan of the intrusion in place of the day, and is called once. The order of what
they yield does not matter.
"""
