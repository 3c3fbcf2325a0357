"""TLS as IEC 62351-3 wants it: its files, its rules and its conversation, without sockets, timers and logs."""
