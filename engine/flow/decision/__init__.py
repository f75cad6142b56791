"""Decision tables: rows of conditions and what follows from them. Pure: checked, compiled, asked, analysed, tried, compared.

Start with `model.py` (what a table is) and `cells.py` (what a cell means).
"""
