# The same steps as scripts/run, without the database: compose brings that.
FROM node:22-bookworm-slim AS page
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci
COPY frontend ./
RUN npm run build

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /home/riskmap riskmap \
    && install -d -o riskmap -g riskmap /var/lib/riskmap
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY backend ./backend
COPY geodata ./geodata
RUN pip install --no-cache-dir uv==0.13.9 && uv sync --frozen --no-dev --extra routing
COPY --from=page /src/frontend/dist ./frontend/dist
USER riskmap
EXPOSE 8000
CMD ["/src/.venv/bin/riskmap", "start"]
