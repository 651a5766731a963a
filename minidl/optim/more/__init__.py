"""The rest of the family: rules beyond the course, sorted by idea, each file from simple to involved."""
