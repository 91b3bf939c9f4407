#!version:1.0.0.1
## The header above must appear as it is in the first line.

include:config "{{mac}}.cfg"

overwrite_mode = 1
