"""Events made from rules: for each rule one that its own condition asks for, written as a log of its source would hold it."""
