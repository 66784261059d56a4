"""What the laws of exposure are held against: real audits in slices, changes of them, and the truth beside the product."""
