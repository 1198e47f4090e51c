"""One file per form of the record. A file that was released is never changed."""
