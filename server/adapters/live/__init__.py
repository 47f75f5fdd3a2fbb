"""Ways to reach people who have a page open."""
