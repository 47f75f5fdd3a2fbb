"""The county pack: read it whole, judge it whole, store it or change nothing; and write it out again."""
