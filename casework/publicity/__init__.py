"""Publication of complaint information (投诉信息公示): the decision, what everybody reads, objections and corrections."""
