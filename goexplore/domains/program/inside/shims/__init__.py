"""What evaluators import of the engines that they were written for, where those are not there."""
