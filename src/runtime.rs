//! One port to the engine, local or through the socket.
