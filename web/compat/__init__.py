"""The WombatDialer dialect: requests in its words, answered in its words."""
