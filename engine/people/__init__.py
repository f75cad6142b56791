"""Who decides, and when: assignment, voting, substitution, working time. Pure."""
