/* Learnspace: what script adds. Without it every page can be read, filled in and sent. */
