"""The sentences that say what stands in the way of a better verdict; verdicts give them, causes are grouped by them."""

from __future__ import annotations

NEAR = (
    "an access by an account, address or session in question is recorded that the question leaves out, or that lacks "
    "what would decide it"
)
OTHER_NAME = "an access to a name that may be another name of it is recorded"
UNNAMED = "an access in question is recorded that does not say to what, and may have been to it"
NOT_ITEMISED = "it was accessed as a whole in a way that names no items"
IN_A_WHOLE = "a folder or container it may lie in was reached"
UNTIMED = "an access is recorded without a usable time: whether it falls into the time asked of is not known"
ADMINISTRATOR = "an administrator is among the compromised: the log is unproven from the earliest start on"
ROLE_NOT_TOLD = (
    "a role was given to nobody who is named, to a name that nothing joins to an account, or to a group whose members "
    "are not declared: an account in question may have it"
)
ACCOUNTS_NOT_KNOWN = "the accounts behind an address or session in question are not all known"
NOT_DECLARED = "an account in question is not declared in the estate: it may be an administrator's"
APPLICATION = "an application is among the compromised: with the consent of others it acts under their names"
HOST = "a host is among the compromised: what it kept or could reach by itself is in no access log"
OWN_WORD = "what is known of the log rests on the word, or the hands, of an account in question"
STANDING_CHANGE = "a rule, right or consent given by a compromised account opens a way no access log may show"
UNTRIED = (
    "not ruled out by this version: those who made logs of this kind by hand to break it still found ways in which "
    "that was wrong"
)
NONE_RECORDED = (
    "no access by an account in question is recorded, in a log that is vouched for as complete; this version does not "
    "call that ruled out, for what others copied, sent on or set up is not all read"
)
LEFT_OUT = "the search that gave some of the records was broken off, as it says of them: it left out others"
MISTAKEN = "a record gives somebody else a name or an id that is of an account in question, too: either may have acted"
NOT_PLAINLY = (
    "something done by an account in question, or by who may be one, is recorded without the address and the one id of "
    "the mailbox, or of nothing that plainly lies in none"
)
NOT_BY_ONE_NAME = "no record gives the mailbox, by this address, one id and no other name"
NAMED_THERE = "something that an account in question, or who may be one, reached elsewhere bears the name of its owner"
BY_STRANGERS = "somebody is recorded in it who is no other person, by an address, whom the estate declares"
IN_ANY = "something done in a mailbox is recorded that does not say in which, by somebody else too"
NOT_KEPT = (
    "that mail is read is not on record all that time: of any mailbox for too long, of a day on which mail was sent or "
    "changed, or as much of it in a day as is recorded at most"
)
CHANGED = (
    "a change of rights, rules, roles or accounts is on record that names it, and not by and for other people whom the "
    "estate declares, or an act in it that failed"
)
NOT_ONE_OWNERS = (
    "the estate does not declare it as the mailbox of one other person who was there all the time, and as whom nobody "
    "in question may act"
)
MAY_ADMINISTER = "by a role, unit or group that the estate gives it, an account in question may be an administrator's"
NOT_ALL_TAKEN = (
    "no acquisition record says of every file of the log, by `extent: everything` with `from` and `to`, that nothing "
    "was left out"
)
NOT_ALL_RECORDED = (
    "not each attestation that speaks of it says `everything` under `recorded`: every way of access, by everybody, all "
    "the time"
)
NO_CUSTODIAN = (
    "an attestation that speaks of it names as custodian no one other person whom the estate declares, by id or account"
)
NO_LOG = "no log that would record an access to it was read"
NO_ACCESS = "no access"
NO_ACCESS_FROM = "no access from "  # a time, in a log that is complete for it
PROVIDERS_LOG = "no access recorded; the provider's log has no proof of completeness"
NO_PROOF = "has no proof of completeness"  # of a log named before it
NO_RECORD = "no access recorded; no record of"  # of a log named after it
