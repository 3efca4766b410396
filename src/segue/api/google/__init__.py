"""Google's dialect as REST and gRPC share it: what is asked, which voice is meant, how an error is said."""
