"""Encoded polylines as the engine writes them: six decimals."""

_SIX = 1e6


def decoded(text: str) -> list[tuple[float, float]]:
    """Positions as lon, lat."""
    numbers: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 63
        value |= (bits & 31) << shift
        shift += 5
        if bits < 32:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    lat = lon = 0
    out = []
    for i in range(0, len(numbers) - 1, 2):
        lat += numbers[i]
        lon += numbers[i + 1]
        out.append((lon / _SIX, lat / _SIX))
    return out
