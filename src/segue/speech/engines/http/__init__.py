"""The common part of engines that call a vendor over HTTP. It knows no particular vendor."""
