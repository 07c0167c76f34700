"""What each section is asked, by both sides: the students' own check and the grader."""
