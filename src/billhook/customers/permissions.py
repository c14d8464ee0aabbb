"""What a role may do with customers: one permission for each thing that can happen, or group that belongs together."""

from collections.abc import Mapping

from billhook.foundation.permissions import Permission, permission

VIEW = permission("customers.view", "see customers")
CHANGE = permission("customers.change", "create and change customers")
ACCOUNT_TYPES = permission("customers.account_types", "set up and change account types")
ASSIGN = permission("customers.assign_type", "give a customer another account type")
SUSPEND = permission("customers.suspend", "suspend and restore customers")
TREE = permission("customers.tree", "put a customer under another")
CONTACTS = permission("customers.contacts", "keep contacts and addresses of customers")
INSTRUMENTS = permission("customers.instruments", "keep cards and accounts of customers")
TAX = permission("customers.tax", "keep tax ids and exemptions of customers")
NOTES = permission("customers.notes", "write and pin notes about customers")
CYCLE = permission("customers.cycle", "change billing cycles of customers")
MERGE = permission("customers.merge", "merge two customers into one")
CLOSE = permission("customers.close", "close customers for good")
ANONYMISE = permission("customers.anonymise", "remove the personal data of former customers")

FOR: Mapping[str, Permission] = {
    "create_account_type": ACCOUNT_TYPES,
    "update_account_type": ACCOUNT_TYPES,
    "assign_account_type": ASSIGN,
    "create_customer": CHANGE,
    "update_customer": CHANGE,
    "suspend_customer": SUSPEND,
    "restore_customer": SUSPEND,
    "set_parent": TREE,
    "add_contact": CONTACTS,
    "update_contact": CONTACTS,
    "remove_contact": CONTACTS,
    "add_address": CONTACTS,
    "move_address": CONTACTS,
    "end_address": CONTACTS,
    "add_instrument": INSTRUMENTS,
    "move_instrument": INSTRUMENTS,
    "verify_instrument": INSTRUMENTS,
    "remove_instrument": INSTRUMENTS,
    "add_tax_id": TAX,
    "remove_tax_id": TAX,
    "add_exemption": TAX,
    "end_exemption": TAX,
    "add_note": NOTES,
    "pin_note": NOTES,
    "plan_cycle_change": CYCLE,
    "withdraw_cycle_change": CYCLE,
    "apply_cycle_change": CYCLE,
    "merge_customers": MERGE,
    "close_customer": CLOSE,
    "anonymise_customer": ANONYMISE,
}
"""Which permission each operation asks for."""
