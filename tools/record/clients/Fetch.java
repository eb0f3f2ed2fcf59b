// java Fetch.java URL httpclient|urlconnection: GET, following redirects. Properties choose protocols and providers.
import java.net.*;
import java.net.http.*;
import java.security.cert.X509Certificate;
import javax.net.ssl.*;

public class Fetch {
  public static void main(String[] args) throws Exception {
    String[] providers = System.getProperty("providers", "").split(",");
    for (int i = 0; i < providers.length && !providers[i].isEmpty(); i++)
      java.security.Security.insertProviderAt(
          (java.security.Provider) Class.forName(providers[i]).getDeclaredConstructor().newInstance(), i + 1);
    TrustManager any = new X509ExtendedTrustManager() {
      public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
      public void checkClientTrusted(X509Certificate[] c, String a) {}
      public void checkServerTrusted(X509Certificate[] c, String a) {}
      public void checkClientTrusted(X509Certificate[] c, String a, Socket s) {}
      public void checkServerTrusted(X509Certificate[] c, String a, Socket s) {}
      public void checkClientTrusted(X509Certificate[] c, String a, SSLEngine e) {}
      public void checkServerTrusted(X509Certificate[] c, String a, SSLEngine e) {}
    };
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {any}, null);
    if (args[1].equals("socket")) {
      for (int i = 0; i < 3; i++) {
        URL url = new URL(args[0]);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(url.getHost(), 443);
        socket.startHandshake();
        socket.getOutputStream().write("GET /0 HTTP/1.0\r\n\r\n".getBytes());
        socket.getInputStream().readAllBytes();
        socket.close();
      }
    } else if (args[1].equals("httpclient")) {
      HttpClient client = HttpClient.newBuilder().sslContext(context).followRedirects(HttpClient.Redirect.ALWAYS).build();
      System.out.println(client.send(HttpRequest.newBuilder(URI.create(args[0])).build(), HttpResponse.BodyHandlers.ofString()).body());
    } else {
      HttpsURLConnection.setDefaultSSLSocketFactory(context.getSocketFactory());
      System.out.println(new String(new URL(args[0]).openConnection().getInputStream().readAllBytes()));
    }
  }
}
