"""Publication of complaint information (投诉信息公示): decision, pages, objections, corrections."""
