"""ElevenLabs' API: ``/v1/text-to-speech/{voice_id}``, and the lists that its clients request first."""
