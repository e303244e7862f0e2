from .model import Protocol


def emit(protocol: Protocol) -> str:
    return ""
