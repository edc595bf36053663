"""What is learned: the batches of an epoch, their loss, and the scores that choose the best one."""
