"""Sources of speech. Each stands alone behind the plug-in door ``segue.engines``; none knows another."""
