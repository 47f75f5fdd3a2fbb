"""The fold: pure steps from (state, input, context) to state."""
