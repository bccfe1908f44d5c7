//! End-to-end-encrypted voice and video calls: the engine that composes the layers, and the driver that runs it.
