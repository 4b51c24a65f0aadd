"""What workers do: thin functions that load by id and call casework. The database decides what is still to be done."""
