"""12315 stations and points (消费维权服务站、点): the directory for everybody, the register and ledgers for staff."""
