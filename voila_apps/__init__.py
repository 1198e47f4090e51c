"""Serving: the class server, the catalogue, the record store and the command line `wanxiang`."""
