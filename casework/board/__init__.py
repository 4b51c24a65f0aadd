"""The bulletin board (公示栏): notices from draft to withdrawal, how they are read, found, fed and printed."""
