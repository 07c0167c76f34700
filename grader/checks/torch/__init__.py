"""What only the grader asks of parts 2 and 3: curves and plots of a training it has run.

The sections themselves are checked as the students' own check does it, by assignment.checks.torch,
on random images that differ in every marking.
"""

from grader.checks.torch.curves import check_judgement, check_plot, expect_fitting

__all__ = ["check_judgement", "check_plot", "expect_fitting"]
