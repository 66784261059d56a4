"""What people, services and the intruder do: one file a behaviour, each a function from the world to actions.

An ordinary behaviour is `act(world, presences, chance) -> Iterator[Action]`; an intruder's takes the plan of the
intrusion in place of the presences. The order of what they yield does not matter.
"""
