"""Long texts on disk: the files of each job, and the index of all jobs."""
