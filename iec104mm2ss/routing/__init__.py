"""Who receives what: addresses, pending requests, arbitration and the event buffer of one group. Pure."""
