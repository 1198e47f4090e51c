"""Bringing Wanxiang to a school and keeping it there: bundle, update, certificates, the files of its box."""
