"""Everything that speaks MQTT on the server's side: topics, connections, the embedded broker and who may enter it."""
