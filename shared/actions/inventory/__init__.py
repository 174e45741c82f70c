"""What is kept: every table and column, what erasure does to it, who is told, and until when.

One table of truth, in parts by subject. The copy of one's own data is made from it; erasure,
retention and the columns' types are held against it by tests. A new column is named here first.
"""
