"""The IEC 104 sockets: one asyncio protocol around a link, a client and a listening port. Reports by callback."""
