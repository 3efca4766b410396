"""What packages of other people import; these paths stay when Segue's own modules move."""
