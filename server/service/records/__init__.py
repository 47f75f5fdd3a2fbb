"""Records of the plan, one by one: what an import takes as a whole, created, changed and ended singly by the same judging."""
