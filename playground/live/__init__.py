"""Training one can watch: a page on this computer that follows a training run and controls it.

Reading order: series keeps the curves short; looks is what is seen in a network; controls are the
page's buttons; recorder follows the training; server shows the page; session joins them. web/ has
the page's JavaScript modules and styles; what it shares with the page of `inspect` is in
`inspection/web`.
"""
