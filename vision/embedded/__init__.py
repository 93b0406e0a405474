"""The embedded model: reads by OCR, reasons by layout, glossary, dictionary and retrieval."""
