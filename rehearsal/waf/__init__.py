"""A real WAF to try rules on: Coraza with the OWASP core rule set, built from Go modules. It is not any cloud's own."""
