/** What runs CNCF distribution: https://distribution.github.io/distribution/about/configuration/ */
const IMAGE = 'registry:3';
const HEAD = `# Made by \`polyenv generate KIND\`: a registry for a team's store, with logins, TLS and deletion allowed.
# Anyone with a login may push. For people and jobs that only read, put a registry with roles in its place, such as Harbor or zot.
`;

/** https://github.com/compose-spec/compose-spec/blob/main/spec.md */
export function storeCompose(): string {
  return `${HEAD.replace('KIND', 'store-compose')}# It needs, beside this file:
#   store/auth/htpasswd                       htpasswd -Bbn ci PASSWORD >>store/auth/htpasswd
#   store/certs/store.pem, store/certs/store.key   the certificate of its host name
#   STORE_SECRET in .env                      openssl rand -hex 32
services:
  store:
    image: ${IMAGE}
    restart: unless-stopped
    ports:
      - "5000:5000"
    environment:
      REGISTRY_AUTH: htpasswd
      REGISTRY_AUTH_HTPASSWD_REALM: store
      REGISTRY_AUTH_HTPASSWD_PATH: /auth/htpasswd
      REGISTRY_HTTP_TLS_CERTIFICATE: /certs/store.pem
      REGISTRY_HTTP_TLS_KEY: /certs/store.key
      # Without it an upload that a restart interrupts begins anew.
      REGISTRY_HTTP_SECRET: "\${STORE_SECRET:?openssl rand -hex 32}"
      REGISTRY_STORAGE_DELETE_ENABLED: "true"
    volumes:
      - archives:/var/lib/registry
      - ./store/auth:/auth:ro
      - ./store/certs:/certs:ro
volumes:
  archives: {}
`;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/ */
export function storeKubernetes(): string {
  return `${HEAD.replace('KIND', 'store-kubernetes')}# It needs two secrets in its namespace:
#   kubectl create secret generic polyenv-store --from-file=htpasswd --from-literal=secret="$(openssl rand -hex 32)"
#   kubectl create secret tls polyenv-store-tls --cert=store.pem --key=store.key
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: polyenv-store
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 50Gi
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: polyenv-store
spec:
  # More than one needs storage that they share, such as S3.
  replicas: 1
  strategy:
    type: Recreate
  selector:
    matchLabels:
      app: polyenv-store
  template:
    metadata:
      labels:
        app: polyenv-store
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        fsGroup: 1000
      containers:
        - name: registry
          image: ${IMAGE}
          ports:
            - containerPort: 5000
          env:
            - name: REGISTRY_AUTH
              value: htpasswd
            - name: REGISTRY_AUTH_HTPASSWD_REALM
              value: store
            - name: REGISTRY_AUTH_HTPASSWD_PATH
              value: /auth/htpasswd
            - name: REGISTRY_HTTP_TLS_CERTIFICATE
              value: /certs/tls.crt
            - name: REGISTRY_HTTP_TLS_KEY
              value: /certs/tls.key
            - name: REGISTRY_HTTP_SECRET
              valueFrom:
                secretKeyRef:
                  name: polyenv-store
                  key: secret
            - name: REGISTRY_STORAGE_DELETE_ENABLED
              value: "true"
          readinessProbe:
            tcpSocket:
              port: 5000
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop: [ALL]
          volumeMounts:
            - name: archives
              mountPath: /var/lib/registry
            - name: auth
              mountPath: /auth
              readOnly: true
            - name: certs
              mountPath: /certs
              readOnly: true
      volumes:
        - name: archives
          persistentVolumeClaim:
            claimName: polyenv-store
        - name: auth
          secret:
            secretName: polyenv-store
        - name: certs
          secret:
            secretName: polyenv-store-tls
---
apiVersion: v1
kind: Service
metadata:
  name: polyenv-store
spec:
  selector:
    app: polyenv-store
  ports:
    - port: 443
      targetPort: 5000
`;
}
