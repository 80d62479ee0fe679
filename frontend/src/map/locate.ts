/**
 * Where this device is, asked of the browser only when somebody presses the button.
 *
 * The browser says WGS 84. CGCS2000 differs from it by less than a metre, a device's own error is far larger, so the
 * numbers are taken as they are.
 */
export interface Here { lng: number; lat: number; accuracy: number }
export type NoPlace = "denied" | "failed";

/** A browser gives no place to a page that came over plain http from elsewhere. */
export const canLocate = window.isSecureContext && "geolocation" in navigator;

export function locate(): Promise<Here> {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lng: coords.longitude, lat: coords.latitude, accuracy: Math.max(1, Math.round(coords.accuracy)) }),
      (error) => reject(new Error((error.code === error.PERMISSION_DENIED ? "denied" : "failed") satisfies NoPlace)),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 10_000 },
    );
  });
}
