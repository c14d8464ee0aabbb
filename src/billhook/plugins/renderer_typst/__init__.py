"""Invoices and credit notes as PDF/A-3 files and page images, from one Typst template."""
